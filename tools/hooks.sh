#!/usr/bin/env bash
# nbdev's git hooks for this clone, without a network and without touching anything outside it: notebooks are compared by cell,
# conflicts inside them are written as cells, and they are trusted after a merge. .gitattributes names the drivers; here they get
# their commands, each with git's own way beside it in case the virtual environment is gone.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
[ "$(git -C "$here" rev-parse --show-toplevel 2>/dev/null)" = "$here" ] || { echo "not a git clone: no hooks to install"; exit 0; }
cd "$here"
bin=$here/.venv/bin
git config --local merge.jupyternotebook.name "resolve conflicts with nbdev"
git config --local merge.jupyternotebook.driver "if test -x '$bin/nbdev-merge'; then '$bin/nbdev-merge' %O %A %B %P; else git merge-file %A %O %B; fi"
git config --local diff.jupyternotebook.command \
  "f() { if test -x '$bin/nbdev-diff-driver'; then '$bin/nbdev-diff-driver' \"\$@\"; else diff -u \"\$2\" \"\$5\"; true; fi; }; f"
hook=$(git rev-parse --git-path hooks)/post-merge
if [ ! -e "$hook" ] || grep -q nbdev-trust "$hook"; then
  mkdir -p "$(dirname "$hook")"
  printf '#!/usr/bin/env bash\nif test -x %q; then %q --fname nbs; fi\n' "$bin/nbdev-trust" "$bin/nbdev-trust" > "$hook"
  chmod +x "$hook"
fi
