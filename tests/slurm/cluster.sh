# A Slurm of one node on this machine, in a folder of its own: `cluster_start FOLDER`, `cluster_stop`.  Sourced.
#
# Needs root.  What Debian lacks is installed: slurm-wlm (slurmctld, slurmd, sbatch) and munge, which its daemons and programs
# trust each other by.  Nothing but the packages touches what lies outside of the folder, so that a Slurm of the machine's own
# goes on beside it.  Afterwards SLURM_CONF says to sbatch, squeue and scontrol where this one is.

# Why there can be no Slurm here; says nothing where there can.
cluster_lacks() {
    [ "$(id -u)" = 0 ] || { echo "a Slurm of one's own needs root"; return; }
    command -v slurmctld slurmd sbatch munged mungekey >/dev/null && return
    command -v apt-get >/dev/null || { echo "slurm-wlm is not installed, and there is no apt-get"; return; }
    { apt-get update --quiet && DEBIAN_FRONTEND=noninteractive \
        apt-get install --quiet --yes --no-install-recommends slurm-wlm munge; } >&2 || echo "slurm-wlm cannot be installed"
}

# Two ports of the loopback that nobody listens on.
cluster_ports() {
    python3 -c '
import socket
sockets = [socket.socket() for _ in range(2)]
for one in sockets: one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))'
}

# Waits until a command succeeds: `cluster_until SECONDS WHAT COMMAND...`.
cluster_until() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || { echo "not in time: $what"; return 1; }
        sleep 0.2
    done
}

cluster_node_is() {
    [ "$(sinfo --noheader --format=%T)" = "$1" ]
}

# What this Slurm is.  Jobs share the node by its processors, of which it is told to have eight, with more memory than any
# job asks for: workers of the tests wait more than they work.  A job that is over its time has five seconds between SIGTERM
# and SIGKILL.
cluster_write_conf() {
    local folder=$1 ports
    ports=$(cluster_ports)
    cat >"$folder/slurm.conf" <<CONF
ClusterName=obelisc
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=${ports% *}
SlurmdPort=${ports#* }
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2,bf_interval=2
SlurmdParameters=config_overrides
MaxArraySize=8
JobRequeue=1
ReturnToService=2
KillWait=5
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=8 RealMemory=1048576 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
}

cluster_start() {
    CLUSTER=$1
    mkdir -p "$CLUSTER/state" "$CLUSTER/spool"
    chmod 700 "$CLUSTER"
    mungekey --create --keyfile="$CLUSTER/munge.key"
    munged --force --socket="$CLUSTER/munge.socket" --key-file="$CLUSTER/munge.key" --pid-file="$CLUSTER/munge.pid" \
        --log-file="$CLUSTER/munge.log" --seed-file="$CLUSTER/munge.seed"
    cluster_write_conf "$CLUSTER"
    export SLURM_CONF="$CLUSTER/slurm.conf"
    slurmctld -f "$SLURM_CONF"
    slurmd -f "$SLURM_CONF"
    cluster_until 60 "an idle node" cluster_node_is idle || { tail -n 20 "$CLUSTER"/*.log; return 1; }
}


# Ends all jobs and the three daemons, by the numbers they left in the folder.
cluster_stop() {
    local name pid
    [ -n "${CLUSTER:-}" ] || return 0
    scancel --quiet --user=root 2>/dev/null || true
    cluster_until 20 "no job" bash -c '[ -z "$(squeue --noheader)" ]' || true
    for name in slurmd slurmctld munge; do
        pid=$(cat "$CLUSTER/$name.pid" 2>/dev/null) || continue
        kill "$pid" 2>/dev/null || continue
        cluster_until 20 "the end of $name" bash -c "! kill -0 $pid" || kill -9 "$pid" 2>/dev/null || true
    done
    CLUSTER=
}

# An element that goes back into the queue rests there for two minutes, as all of Slurm's do; this one begins now.
cluster_hurry() {
    cluster_until 30 "$1 waits in the queue" bash -c "[ \"\$(squeue --noheader --jobs=$1 --format=%T)\" = PENDING ]" &&
        scontrol update JobId="$1" StartTime=now
}

# What Slurm does with the jobs of a node that does not answer any more.  This one says at once that it is there again.
cluster_lose_node() {
    scontrol update NodeName="$(hostname -s)" State=DOWN Reason=lost
    cluster_until 30 "the node is back" bash -c '[ "$(sinfo --noheader --format=%T)" != down ]'
}
