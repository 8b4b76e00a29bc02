# What the launchers share: find JDK 25, build a module when it is missing or older than its sources, give its class path.
# To be sourced by bash:
#
#   . "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.launch/common.sh"
#   find_jdk25
#   build_if_stale gpu-server proto v4v-transport       # the module, then the modules that it is made of
#   exec "$jdk25/bin/java" $(jvm_flags) -cp "$(class_path gpu-server)" org.v4vgpu.server.ServerCommand "$@"
#
# A module that wants a class path here names maven-dependency-plugin among its plugins (configured in the root pom.xml), which
# writes target/classpath in the package phase.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# One line on standard error, and the exit status that the caller chose.
fail() {
  echo "$(basename "$(dirname "$(readlink -f "$0")")")/$(basename "$0"): $2" >&2
  exit "$1"
}

# Sets jdk25. Looks where JDKs usually are; JAVA_HOME_25 comes first. Asks no JVM: a JDK says its version in a file.
find_jdk25() {
  local candidate path_java
  path_java=$(readlink -f "$(command -v java || true)" || true)
  for candidate in "${JAVA_HOME_25:-}" "${JAVA_HOME:-}" "${path_java%/bin/java}" \
    /usr/lib/jvm/* /opt/*jdk* /opt/java/* "${HOME:-/nonexistent}"/.sdkman/candidates/java/* "${HOME:-/nonexistent}"/.jdks/*; do
    if [ -n "$candidate" ] && [ -x "$candidate/bin/javac" ] \
      && grep -qs -E '^JAVA_VERSION="25(\.|"|-|\+)' "$candidate/release"; then
      jdk25=$candidate
      return
    fi
  done
  fail 1 "no JDK 25 found; install one under /usr/lib/jvm or name it in JAVA_HOME_25"
}

# build_if_stale MODULE [MODULES THAT IT IS MADE OF]...
# Runs Maven once for the module if that is needed, and says so in one line. Launchers that start together wait for one another.
build_if_stale() {
  is_stale "$@" || return 0
  (
    flock 9
    is_stale "$@" || exit 0
    command -v mvn > /dev/null || fail 1 "no Maven found; install Maven 3.8.6 or newer"
    mkdir -p "$root/$1/target"
    touch "$root/$1/target/launch.new"
    log="$root/$1/target/launch.log"
    echo "building $1 ..." >&2
    if ! (cd "$root" && JAVA_HOME=$jdk25 mvn -q -B -pl "$1" -am -Dmaven.test.skip=true package) > "$log" 2>&1 9<&-; then
      cat "$log" >&2
      fail 1 "building $1 failed; Maven says why above"
    fi
    # As old as the beginning of the build: what was written to a source meanwhile is newer.
    touch -r "$root/$1/target/launch.new" "$root/$1/target/classpath"
  ) 9< "$root/.launch/common.sh"
}

# Any build that comes to the package phase writes the class path, so that what Maven itself has built is not built again.
is_stale() {
  local module=$1 stamp="$root/$1/target/classpath" entry entries
  [ -f "$stamp" ] || return 0
  IFS=: read -r -a entries < <(cat "$stamp"; echo)
  for entry in "${entries[@]}" "$root/$module/target/classes"; do
    [ -e "$entry" ] || return 0
    case $entry in
      "$root"/* | */repository/*) ;;
      */target/*) return 0 ;; # another checkout, of which this one is a copy
    esac
  done
  [ -n "$(cd "$root" && find pom.xml .mvn "$@" -name target -prune -o -newer "$stamp" \
    \( -name pom.xml -o -path '*/src/main/*' -o -path '.mvn/*' \) -print -quit)" ]
}

# What the JVM needs to be told in every program of the project: the property in the root pom.
jvm_flags() {
  sed -n 's:.*<jvm\.flags>\(.*\)</jvm\.flags>.*:\1:p' "$root/pom.xml"
}

# What the JVM needs to be told where kernels run in software. A kernel compiled from PTX may be a method longer than HotSpot compiles by
# default; one in vectors is so slow until it is compiled that a fiftieth of the usual calls is to be enough for that.
device_flags() {
  echo "-XX:-DontCompileHugeMethods -XX:CompileCommand=quiet" \
    "-XX:CompileCommand=CompileThresholdScaling,org.v4vgpu.device.ptx.generated.Kernel*::strips*,0.02"
}

# The class path of a built module.
class_path() {
  echo "$root/$1/target/classes:$(< "$root/$1/target/classpath")"
}
