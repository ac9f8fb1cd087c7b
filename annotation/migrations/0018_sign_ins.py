# Written by hand.

from django.db import migrations

# What happens to accounts is announced by the database: accounts know nothing of studies, nor
# of their audit. Who is at the keyboard when an account is changed, the rows do not say.
ANNOUNCE = """
CREATE FUNCTION annotation_audit_of_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.last_login IS DISTINCT FROM OLD.last_login AND NEW.last_login IS NOT NULL THEN
        INSERT INTO annotation_auditentry (at, by_id, kind, what, why)
        VALUES (NEW.last_login, NEW.id, 'sign-in:done', 'account ' || NEW.username, '');
    END IF;
    IF (NEW.is_active, NEW.is_staff, NEW.is_superuser)
            IS DISTINCT FROM (OLD.is_active, OLD.is_staff, OLD.is_superuser) THEN
        INSERT INTO annotation_auditentry (at, kind, what, why)
        VALUES (now(), 'account:changed', concat_ws(' ', 'account', NEW.username || ':',
            CASE WHEN NEW.is_active THEN 'may sign in' ELSE 'may not sign in' END,
            CASE WHEN NEW.is_staff THEN 'staff' END,
            CASE WHEN NEW.is_superuser THEN 'administrator' END), '');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER annotation_account_is_audited AFTER UPDATE ON accounts_user
    FOR EACH ROW EXECUTE FUNCTION annotation_audit_of_account();

CREATE FUNCTION annotation_audit_of_factor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO annotation_auditentry (at, by_id, kind, what, why)
    SELECT NEW.at, NEW.by_id, 'factor:removed', 'account ' || username, NEW.why
    FROM accounts_user WHERE id = NEW.user_id;
    RETURN NULL;
END $$;
CREATE TRIGGER annotation_factor_is_audited AFTER INSERT ON accounts_accountchange
    FOR EACH ROW EXECUTE FUNCTION annotation_audit_of_factor();
"""
FORGET = """
DROP TRIGGER annotation_factor_is_audited ON accounts_accountchange;
DROP FUNCTION annotation_audit_of_factor();
DROP TRIGGER annotation_account_is_audited ON accounts_user;
DROP FUNCTION annotation_audit_of_account();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_account_changes'),
        ('annotation', '0017_review'),
    ]

    operations = [migrations.RunSQL(ANNOUNCE, FORGET)]
