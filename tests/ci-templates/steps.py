"""Prints a script out of a template: its file, and which one, counted from 0, or by its key in GitLab."""

import re
import sys
import textwrap

import yaml

path, which = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    text = file.read()
if path.endswith("Jenkinsfile"):
    # Groovy reads the backslashes of a ''' string before the shell does.
    script = textwrap.dedent(re.findall(r"sh '''\n(.*?)'''", text, re.DOTALL)[int(which)])
    script = script.replace("\\\n", "")
    assert "\\" not in script
else:
    document = yaml.safe_load(text)
    if "steps" in document:
        script = [step["bash"] for step in document["steps"] if "bash" in step][int(which)]
    else:
        script = "\n".join(document["migrate-lint"][which])
print(script)
