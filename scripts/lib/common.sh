# Sourced by every script here: strict mode, the checkout's root as the current
# directory, and a few helpers.

set -euo pipefail

script=$(realpath "$0")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck disable=SC2034 # for the scripts that source this
root=$PWD

# A line about what is being done, apart from the output of what is called.
say() {
  printf '== %s\n' "$*" >&2
}

# Ends the script with a reason. The exit status is 2 for wrong usage.
die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 2
}

# Prints the comment at the top of the calling script as its help.
usage() {
  sed -n '2,/^$/{s/^# \{0,1\}//p}' "$script"
}

# Parallel compilations: one a core, but one for each 2 GiB of memory at most.
jobs_for_memory() {
  local cores kib jobs
  cores=$(nproc)
  kib=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
  jobs=$((kib / (2 * 1024 * 1024)))
  ((jobs < cores)) || jobs=$cores
  ((jobs > 0)) || jobs=1
  echo "$jobs"
}

# The C++ folders of the tree, those that exist.
source_folders() {
  local folder
  for folder in include net actors config flows service tests bench examples; do
    if [[ -d $folder ]]; then
      echo "$folder"
    fi
  done
}

# All C++ files of ours, one a line, sorted.
source_files() {
  local folders
  mapfile -t folders < <(source_folders)
  find "${folders[@]}" -name node_modules -prune -o -type f \
    \( -name '*.hpp' -o -name '*.cpp' \) -print | LC_ALL=C sort
}

# clang-format 14, under whichever name it is installed.
clang_format() {
  if command -v clang-format-14 >/dev/null; then
    clang-format-14 "$@"
  else
    clang-format "$@"
  fi
}
