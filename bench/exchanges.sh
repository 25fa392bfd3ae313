#!/bin/bash
# What a mean of one vector costs between two machines, by exchange, codec and speed of the link, beside MPI_Allreduce of the
# floats: bench/exchanges.sh [--elements N] [--repetitions N] [--only TEXT]
# Needs root: each rank runs in a network namespace of its own, joined by a veth pair whose ends tc limits (a token bucket;
# its burst of 32, 128, 512 kB costs nothing). One connection of Open MPI over TCP may serve the two directions in turn, so
# MPI_Allreduce is also measured with two (btl_tcp_links 2) and the better of both counts. TCP's congestion control has a
# part in all figures.
# Writes out/exchanges/report.json, a list of {"link","exchange","compressor","bytes","ranks","seconds"}, and
# out/exchanges/exchanges.svg. Measure on an idle machine of two cores or more.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/packaging/debian.sh"
# shellcheck disable=SC2086 # lists of packages
install_packages $packages_build $packages_library $packages_programs $packages_benchmarks iproute2 python3

cmake -S "$root" --preset release >/dev/null
cmake --build "$root/build/release" --target exchanges
program=$root/build/release/bench/exchanges
out=$root/out/exchanges
mkdir -p "$out"
work=$(mktemp -d)
one=frugal1-$$ two=frugal2-$$
end() {
    ip netns del "$one" 2>/dev/null || true
    ip netns del "$two" 2>/dev/null || true
    rm -rf "$work"
}
trap end EXIT

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
echo "shared memory"
mpirun -n 2 --bind-to none "$program" --link memory "$@" | tee "$work/lines"

if ! ip netns add "$one" 2>"$work/why"; then
    echo "no network namespaces here ($(cat "$work/why")), so no links can be limited: shared memory only" >&2
    links=()
else
    ip netns del "$one"
    links=(100Mbps:100mbit:32kb:16384 1Gbps:1gbit:128kb:65536 10Gbps:10gbit:512kb:65536)
fi

# In place of ssh: runs its command in the namespace of that address, under a host name of its own.
cat >"$work/agent" <<AGENT
#!/bin/bash
host=\$1; shift
case \$host in *.1) where=$one name=one ;; *) where=$two name=two ;; esac
exec ip netns exec "\$where" unshare -u bash -c "hostname \$name; \$*"
AGENT
chmod +x "$work/agent"

over_link() { # over_link MPI_LINKS ARGUMENT...
    local connections=$1
    shift
    ip netns exec "$one" unshare -u bash -c 'hostname one; exec "$@"' _ \
        mpirun -n 2 --host 10.77.0.1:1,10.77.0.2:1 --bind-to none --mca plm_rsh_agent "$work/agent" \
        --mca orte_keep_fqdn_hostnames 1 --mca pml ob1 --mca btl tcp,self --mca btl_tcp_links "$connections" \
        --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 "$program" "$@"
}

for link in "${links[@]}"; do
    IFS=: read -r name rate burst segment <<<"$link"
    echo "$name"
    ip netns add "$one"
    ip netns add "$two"
    ip -n "$one" link add eth0 type veth peer name eth0 netns "$two"
    address=1
    for where in "$one" "$two"; do
        ip -n "$where" link set lo up
        ip -n "$where" addr add "10.77.0.$address/24" dev eth0
        ip -n "$where" link set eth0 up gso_max_size "$segment"
        tc -n "$where" qdisc add dev eth0 root tbf rate "$rate" burst "$burst" limit 4mb
        address=2
    done
    over_link 1 --link "$name" "$@" | tee -a "$work/lines"
    over_link 2 --link "$name" --repetitions 5 --only 'nothing but MPI_Allreduce' | tee -a "$work/lines"
    ip netns del "$one"
    ip netns del "$two"
done

python3 - "$work/lines" "$out" <<'PYTHON'
import json, sys
lines, out = sys.argv[1:]
best = {}
for row in map(json.loads, open(lines, encoding="utf-8")):
    key = (row["link"], row["exchange"], row["compressor"])
    if key not in best or row["seconds"] < best[key]["seconds"]:
        best[key] = row
rows = list(best.values())
with open(f"{out}/report.json", "w", encoding="utf-8") as file:
    json.dump(rows, file, indent=1)
links = [l for l in ("100Mbps", "1Gbps", "10Gbps", "memory") if any(r["link"] == l for r in rows)]
plain = {r["link"]: r["seconds"] for r in rows if r["exchange"] == "MPI_Allreduce"}
names = list(dict.fromkeys((r["exchange"], r["compressor"]) for r in rows))
print("time over that of MPI_Allreduce:")
print(f"{'':32}" + "".join(f"{l:>10}" for l in links))
with open(f"{out}/exchanges.dat", "w", encoding="utf-8") as data:
    for name in names:
        of = {r["link"]: r["seconds"] for r in rows if (r["exchange"], r["compressor"]) == name}
        label = " ".join(name) if name[0] != "MPI_Allreduce" else name[0]
        print(f"{label:32}" + "".join(f"{of[l] / plain[l]:10.3f}" if l in of else f"{'':>10}" for l in links))
        data.write(f'"{label}"\n' + "".join(f"{i} {1e3 * of[l]}\n" for i, l in enumerate(links) if l in of) + "\n\n")
    count = len(names)
tics = ", ".join(f'"{l}" {i}' for i, l in enumerate(links))
open(f"{out}/exchanges.gnuplot", "w", encoding="utf-8").write(f"""set terminal svg size 900,560 font "sans,13" background "white"
set output "{out}/exchanges.svg"
set logscale y
set xtics ({tics})
set xrange [-0.2:{len(links) - 0.8}]
set xlabel "link between two ranks"
set ylabel "milliseconds for the mean of 16 MiB"
set key outside right noenhanced
set grid
plot for [i=0:{count - 1}] "{out}/exchanges.dat" index i using 1:2 with linespoints linewidth (i == 0 ? 3 : 1.4) \\
    linecolor rgb (i == 0 ? "black" : word("#1f77b4 #ff7f0e #2ca02c #d62728 #9467bd #8c564b #e377c2 #7f7f7f #bcbd22 #17becf", 1 + ((i + 2) / 3 - 1) % 9)) \\
    dashtype 1 + (i + 2) % 3 pointtype 4 + (i + 2) % 3 title columnheader(1)
""")
PYTHON
gnuplot "$out/exchanges.gnuplot"
echo "Report: out/exchanges/report.json"
echo "Picture: out/exchanges/exchanges.svg"
