# Runs a command where it sees the system's programs and libraries, the directories it is given and nothing else. Process 1 of
# namespaces that `unshare` has made (user, mount, pid, net, ipc), with all rights in them, which it gives up before the command.
#
#   sh sandbox.sh ROOT BYTES [FROM TO]... -- [LIMIT]... -- COMMAND [ARGUMENT]...
#
# ROOT    an empty directory, which becomes / of the command: a file system in memory
# BYTES   how much that may hold
# FROM TO a directory or file of the machine, and where the command sees it, read-only
# LIMIT   options of prlimit
set -eu
root=$1
bytes=$2
shift 2

mount -t tmpfs -o "size=$bytes,nr_inodes=4096,mode=755,nosuid,nodev" sandbox "$root"
mkdir "$root/old" "$root/tmp" "$root/dev" "$root/usr"

for directory in /usr/bin /usr/lib /usr/lib32 /usr/lib64 /usr/libexec /usr/include /bin /lib /lib64; do
  if [ -L "$directory" ]; then
    ln -s "$(readlink "$directory")" "$root$directory"
  elif [ -d "$directory" ]; then
    mkdir -p "$root$directory"
    mount --rbind "$directory" "$root$directory"
  fi
done
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then
    mkdir -p "$root$2"
  else
    mkdir -p "$root${2%/*}"
    : > "$root$2"
  fi
  mount --rbind "$1" "$root$2"
  shift 2
done
shift

# Each mount below by itself: a bind mount has the rights of what it shows.
mounts=$(cat /proc/self/mountinfo)
while read -r _ _ _ _ place _; do
  place=$(printf '%b' "$place")
  case $place in
    "$root"/*) mount -o remount,bind,ro,nosuid "$place" ;;
  esac
done << END
$mounts
END
: > "$root/dev/null"
mount --bind /dev/null "$root/dev/null"

cd "$root"
ln -s old/proc proc # where umount looks mounts up
pivot_root . old
umount -n -l /old
rmdir /old
rm /proc
cd /tmp

limits=
while [ "$1" != -- ]; do
  limits="$limits $1"
  shift
done
shift
# shellcheck disable=SC2086 # limits are words
exec prlimit $limits -- setpriv --no-new-privs --inh-caps=-all --ambient-caps=-all --bounding-set=-all -- \
  env -i PATH=/usr/bin:/bin HOME=/tmp TMPDIR=/tmp LC_ALL=C "$@"
