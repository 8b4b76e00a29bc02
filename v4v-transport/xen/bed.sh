# What the parts of the test bed share: folders, progress, Debian's packages. To be sourced by bash.
# Sets cache (what is built once, outside the tree), work (what one run makes: V4VGPU_XEN_WORK) and patience (a factor on all limits).

. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../.launch/common.sh"
bed=$root/v4v-transport/xen
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/v4vgpu/xen
work=${V4VGPU_XEN_WORK:-$root/v4v-transport/target/xen}
patience=${V4VGPU_XEN_PATIENCE:-1}
[[ $patience =~ ^[1-9][0-9]?$ ]] || fail 2 "V4VGPU_XEN_PATIENCE is a factor from 1 to 99, not '$patience'"
export V4VGPU_XEN_STARTED=${V4VGPU_XEN_STARTED:-$(date +%s)}

progress() {
  printf '[%4d s] %s\n' $(($(date +%s) - V4VGPU_XEN_STARTED)) "$*" >&2
}

# need COMMAND=PACKAGE... installs the packages whose command is missing.
need() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%=*}" > /dev/null || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || fail 3 "not installed: ${missing[*]}; run it as root, or apt-get install them"
  progress "installing ${missing[*]}"
  know_packages
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" > "$work/apt.log" 2>&1 8>&- \
    || fail 3 "could not install ${missing[*]}; see $work/apt.log"
}

# Makes sure that apt knows packages at all: images of containers come without its lists.
know_packages() {
  [ -z "$(apt-cache policy xen-system-amd64 2> /dev/null)" ] || return 0
  [ "$(id -u)" = 0 ] || fail 3 "apt knows no packages; run it as root, or apt-get update"
  apt-get update -q > "$work/apt.log" 2>&1 || fail 3 "apt-get update failed; see $work/apt.log"
  [ -n "$(apt-cache policy xen-system-amd64)" ] || fail 3 "apt knows no Xen: this needs Debian's package sources"
}

# The package of a given beginning that another one depends on: dependency xen-system-amd64 xen-utils-
dependency() {
  apt-cache depends "$1" 2> /dev/null | sed -n "s/^ *Depends: \($2[^ ]*\)$/\1/p" | head -1
}

candidate() {
  apt-cache policy "$1" 2> /dev/null | sed -n 's/^ *Candidate: //p'
}

# cached PREFIX VERSION prints the folder of what was built from that version; where apt knows no version, the newest one.
cached() {
  if [ -n "$2" ]; then
    echo "$cache/$1-${2//[^A-Za-z0-9.+-]/_}"
  else
    mkdir -p "$cache"
    find "$cache" -maxdepth 1 -name "$1-*" -printf '%T@ %p\n' 2> /dev/null | sort -rn | head -1 | cut -d ' ' -f 2
  fi
}

# remembered PREFIX succeeds with the folder that was used last, unless apt has learnt of other versions since: asking it takes seconds.
remembered() {
  [ "$cache/$1.last" -nt /var/lib/apt/lists ] && [ -d "$(< "$cache/$1.last")" ] && cat "$cache/$1.last"
}

# In a private folder, so that a build that is broken off leaves nothing: fill FOLDER COMMAND..., where the command finds it in $new.
fill() {
  local folder=$1
  shift
  mkdir -p "$cache"
  (
    flock 8
    [ ! -d "$folder" ] || exit 0
    new=$folder.new
    rm -rf "$new" && mkdir -p "$new"
    "$@"
    mv "$new" "$folder"
  ) 8> "$cache/lock"
}
