"""Write `.chalice/resources.json`: `python -m ops.resources`, from the project's root."""

from ops import stages
from ops.resources import template

if __name__ == "__main__":
    path = stages.FOLDER / "resources.json"
    path.write_text(template.render())
    print(f"{path}: written")
