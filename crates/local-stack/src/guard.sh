# Stops a stack's processes when the program that started them ends, however it ends.
#
# Started as: sh -c "$(this text)" local-stack-guard DIRECTORY keep|discard
# stdin   a pipe that the starting program holds open; it writes one order a line, and its end means: stop everything.
#           watch postgres|kafka|helper PID BIRTH   a process that was started; BIRTH is field 22 of /proc/PID/stat
#           keep | discard                          what becomes of DIRECTORY in the end
#           archive-from FILE, archive-to FILE      move the class archive that the JVM leaves behind at its end
# stdout  the stack's lock file: the lock is held for as long as this script lives.

directory=$1
disposal=$2
postgres=
kafka=
helpers=
archive_from=
archive_to=

# A terminal's Ctrl-C and the end of a session must not reach the one that cleans up after them.
trap '' HUP INT QUIT TERM PIPE
cd / || exit 1

# Whether the process $1 lives and is the one that was born at $2, not another that got its number later.
alive() {
    [ -n "$1" ] || return 1
    stat=
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null
    [ -n "$stat" ] || return 1
    # The name in parentheses may hold anything; what follows it are fields 3, 4, ...
    # shellcheck disable=SC2086
    set -- "$2" ${stat##*) }
    [ "$2" != Z ] && [ "$2" != X ] && [ "${21}" = "$1" ]
}

# tell SIGNAL PID:BIRTH...
tell() {
    signal=$1
    shift
    for process in "$@"; do
        if alive "${process%:*}" "${process#*:}"; then
            kill -s "$signal" "${process%:*}" 2>/dev/null
        fi
    done
}

any_alive() {
    for process in "$@"; do
        if alive "${process%:*}" "${process#*:}"; then return 0; fi
    done
    return 1
}

while read -r order rest; do
    case $order in
    watch)
        # shellcheck disable=SC2086
        set -- $rest
        case $1 in
        postgres) postgres=$2:$3 ;;
        kafka) kafka=$2:$3 ;;
        *) helpers="$helpers $2:$3" ;;
        esac
        ;;
    keep | discard) disposal=$order ;;
    archive-from) archive_from=$rest ;;
    archive-to) archive_to=$rest ;;
    esac
done

# From here on the starting program is gone, or waits for us.
# shellcheck disable=SC2086
{
    tell TERM $helpers
    if [ "$disposal" = discard ]; then
        # Nobody will read this data again: no checkpoint, no flush.
        tell QUIT $postgres
        if [ -n "$archive_to" ]; then tell TERM $kafka; else tell KILL $kafka; fi
    else
        tell INT $postgres
        tell TERM $kafka
    fi
    # A paused process acts on its signals only once it goes on.
    tell CONT $postgres $kafka

    # Tenths of a second.
    waited=0
    while any_alive $helpers $postgres $kafka; do
        case $waited in
        50) tell KILL $helpers ;;
        300)
            archive_to=
            tell KILL $kafka
            ;;
        600) tell QUIT $postgres ;;
        650) tell KILL $postgres ;;
        700)
            echo "gave up on:$helpers $postgres $kafka" >&2
            exit 1
            ;;
        esac
        sleep 0.1
        waited=$((waited + 1))
    done
}

if [ -n "$archive_from" ]; then
    if [ -n "$archive_to" ] && [ -s "$archive_from" ]; then
        mv -f "$archive_from" "$archive_to"
    else
        rm -f "$archive_from"
    fi
fi

case $disposal in
discard) rm -rf "$directory" ;;
*) rm -f "$directory/stack.json" ;;
esac
