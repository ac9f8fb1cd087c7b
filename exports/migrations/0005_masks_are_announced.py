from django.db import migrations

# A mask changes what leaves of every judged turn of its conversation, since responses repeat
# words: the feed tells these turns again, so that a reader replaces what it holds.
ANNOUNCE = """
CREATE FUNCTION exports_mask_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM annotation_announce_turn('changed', other.id)
    FROM annotation_turn masked
    JOIN annotation_turn other ON other.conversation_id = masked.conversation_id
    JOIN annotation_ranking r ON r.turn_id = other.id
    WHERE masked.id = NEW.turn_id ORDER BY other.position;
    RETURN NULL;
END $$;
CREATE TRIGGER exports_finding_announces_masks AFTER UPDATE OF verdict ON exports_finding
FOR EACH ROW WHEN (OLD.verdict IS DISTINCT FROM NEW.verdict AND 'mask' IN (OLD.verdict, NEW.verdict))
EXECUTE FUNCTION exports_mask_changed();
"""
SILENCE = """
DROP TRIGGER exports_finding_announces_masks ON exports_finding;
DROP FUNCTION exports_mask_changed();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0010_change"),
        ("exports", "0004_screening"),
    ]
    operations = [migrations.RunSQL(ANNOUNCE, SILENCE)]
