#!@SHELL@ sh
# Starts the collector, and looks at its storage when it has failed.
#
# A damaged file of file_storage ends the collector at every start: bbolt panics in a goroutine of its
# own, where the setting `recreate` does not see it. So when the collector has ended by itself, each
# file is opened by the same program, alone. What ends it, while a new file does not, is renamed; the
# kubelet then starts the container again. A healthy file stays, whatever the collector died of.
set -u
collector='@COLLECTOR@'
box='@BOX@'
directories='@DIRECTORIES@'
keep=@KEEP@ # damaged files of each directory, the newest

say() { # level, message, file
  echo "{\"level\":\"$1\",\"ts\":\"$($box date -u +%Y-%m-%dT%H:%M:%SZ)\",\"caller\":\"collector_start.sh\",\"msg\":\"$2\",\"file\":\"$3\"}" >&2
}

# 0: the program has opened the file. 1: it ended. 2: neither, within 30 seconds.
opens() { # directory with the file under the names that the receiver `file_log/check` may give it
  log="$1/log"
  $collector --config "yaml:
extensions: {file_storage: {directory: $1, timeout: 5s, compaction: {on_start: true, directory: $1}}}
receivers: {file_log/check: {include: [$1/nothing], storage: file_storage}}
exporters: {nop: {}}
service:
  extensions: [file_storage]
  telemetry: {metrics: {level: none}}
  pipelines: {logs: {receivers: [file_log/check], exporters: [nop]}}" >"$log" 2>&1 &
  opener=$!
  verdict=2
  tries=0
  while [ "$tries" -lt 150 ]; do
    if $box grep -q 'Everything is ready' "$log"; then verdict=0; break; fi
    if ! kill -0 "$opener" 2>/dev/null; then verdict=1; break; fi
    $box sleep 0.2
    tries=$((tries + 1))
  done
  kill -TERM "$opener" 2>/dev/null
  wait "$opener"
  return "$verdict"
}

look_at() { # directory of a file_storage
  check="$1/check"
  for file in "$1"/*; do
    [ -f "$file" ] || continue
    case "${file##*/}" in
      # What a compaction left behind when it was killed; nothing else ever deletes it.
      tempdb*) $box rm -f "$file"; continue ;;
    esac
    $box rm -rf "$check" && $box mkdir "$check" || return
    # The same file under other names (`filelog` is the older one of the receiver): nothing is copied.
    for name in receiver_filelog_check receiver_file_log_check; do
      $box ln "$file" "$check/$name" || return
    done
    opens "$check"
    if [ "$?" -eq 1 ]; then
      cause="$($box grep -m1 -o -E 'panic: .*|fatal error: .*|Error: .*' "$check/log" | $box tr -d '\\"' | $box head -c 300)"
      # The program itself may be at fault, or the disk may be full: then a new file fails, too.
      $box rm -rf "$check" && $box mkdir "$check" || return
      if opens "$check"; then
        $box mkdir -p "$1/damaged"
        $box mv "$file" "$1/damaged/${file##*/}.$($box date -u +%Y%m%d-%H%M%S)" &&
          say error "Storage file is damaged: set aside, what was in it is not sent. $cause" "$file"
      else
        say warn 'The collector fails with new storage, too: no file is set aside.' "$file"
        $box rm -rf "$check"
        return
      fi
    fi
  done
  $box rm -rf "$check"
  $box ls -t "$1/damaged" 2>/dev/null | $box tail -n "+$((keep + 1))" | while read -r old; do
    $box rm -f "$1/damaged/$old"
  done
}

damaged=0
for directory in $directories; do
  for file in "$directory"/damaged/*; do
    [ -f "$file" ] && damaged=$((damaged + 1))
  done
done
# Becomes a label of the collector's metrics, for which there is an alert.
[ "$damaged" -gt 0 ] && export STORAGE_SET_ASIDE="$damaged file(s)"

stopped=
stop() { stopped=yes; kill -TERM "$child" 2>/dev/null; }
trap stop TERM INT
$collector "$@" &
child=$!
wait "$child"
code=$?
# A signal ends `wait`, and not yet the collector.
while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done
if [ "$code" -ne 0 ] && [ -z "$stopped" ]; then
  for directory in $directories; do look_at "$directory"; done
fi
exit "$code"
