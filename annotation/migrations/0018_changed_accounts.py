# Written by hand.

from django.db import migrations

# What an account may is changed in the dashboard and by commands: the database notes it. Who is
# at the keyboard the rows do not say. How people sign in, annotation/adapters.py notes.
ANNOUNCE = """
CREATE FUNCTION annotation_audit_of_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
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
"""
FORGET = """
DROP TRIGGER annotation_account_is_audited ON accounts_user;
DROP FUNCTION annotation_audit_of_account();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_account_changes'),
        ('annotation', '0017_review'),
    ]

    operations = [migrations.RunSQL(ANNOUNCE, FORGET)]
