# Written by hand.

from django.db import migrations

# As 0018, and: accounts that are made (`createsuperuser` too) or deleted, and another e-mail
# address, by which a password can be set anew. `plurivox.acting` is who is at the keyboard,
# where a page of the dashboard said so for its transaction (accounts/acting.py).
ANNOUNCE = """
CREATE OR REPLACE FUNCTION annotation_audit_of_account() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    acting bigint := nullif(current_setting('plurivox.acting', true), '')::bigint;
    also text := NULL;
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO annotation_auditentry (at, by_id, kind, what, why)
        VALUES (now(), acting, 'account:removed', 'account ' || OLD.username, '');
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF NEW.last_login IS DISTINCT FROM OLD.last_login AND NEW.last_login IS NOT NULL THEN
            INSERT INTO annotation_auditentry (at, by_id, kind, what, why)
            VALUES (NEW.last_login, NEW.id, 'sign-in:done', 'account ' || NEW.username, '');
        END IF;
        IF (NEW.is_active, NEW.is_staff, NEW.is_superuser, NEW.email)
                IS NOT DISTINCT FROM
                (OLD.is_active, OLD.is_staff, OLD.is_superuser, OLD.email) THEN
            RETURN NULL;
        END IF;
        also := CASE WHEN NEW.email IS DISTINCT FROM OLD.email THEN 'another e-mail address' END;
    END IF;
    INSERT INTO annotation_auditentry (at, by_id, kind, what, why)
    VALUES (now(), acting,
        CASE TG_OP WHEN 'INSERT' THEN 'account:made' ELSE 'account:changed' END,
        concat_ws(' ', 'account', NEW.username || ':',
            CASE WHEN NEW.is_active THEN 'may sign in' ELSE 'may not sign in' END,
            CASE WHEN NEW.is_staff THEN 'staff' END,
            CASE WHEN NEW.is_superuser THEN 'administrator' END, also), '');
    RETURN NULL;
END $$;
DROP TRIGGER annotation_account_is_audited ON accounts_user;
CREATE TRIGGER annotation_account_is_audited AFTER INSERT OR UPDATE OR DELETE ON accounts_user
    FOR EACH ROW EXECUTE FUNCTION annotation_audit_of_account();
"""
# The function of 0018 does with what it has; only the triggers that it does not know go.
FORGET = """
DROP TRIGGER annotation_account_is_audited ON accounts_user;
CREATE TRIGGER annotation_account_is_audited AFTER UPDATE ON accounts_user
    FOR EACH ROW EXECUTE FUNCTION annotation_audit_of_account();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0019_placements'),
    ]

    operations = [migrations.RunSQL(ANNOUNCE, FORGET)]
