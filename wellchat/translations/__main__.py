"""`make words`: new sentences into the catalogs, and what is made from them. With a code, begins a new language."""

from __future__ import annotations

import sys

from wellchat import translations

for code in sys.argv[1:]:
    translations.begin(code)
for language in translations.languages():
    sys.stdout.write(f"{language}: {translations.make(language)} sentences wait for a translation\n")
