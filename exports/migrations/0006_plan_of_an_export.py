"""Every file says under which plan its data were collected."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exports", "0005_masks_are_announced")]

    operations = [
        migrations.AddField(
            model_name="export",
            name="plan_hash",
            field=models.CharField(
                blank=True, default="", help_text="of the study's frozen plan", max_length=64
            ),
            preserve_default=False,
        ),
    ]
