"""`flask` and WSGI servers find the application here.

`python app.py` runs the embedded default, as `wellchat up`.
"""

import sys

from wellchat import create_app
from wellchat.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "up")
    main()

app = create_app()
