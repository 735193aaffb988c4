#!/usr/bin/env python3
"""Prints the figures of extraction for the program and its peers, in one table.

    benches/peers/measure.py [--peers] [--check] [--data ../shared] [SET ...]

Unpacks the pages into a temporary folder, runs `target/release/copytaster extract --batch` (and with `--peers` the
release build of this package) over each set, and scores the output with ../shared/score/extraction.py. Everything runs
on one core. With `--peers` the speed of the program is that of its library in the same process as the others, next to
`parse`, which builds the tree and does nothing else; without, it is that of the whole command. `--check` fails where a
figure is below what the program reached when the floors were written down.
"""
import gzip, json, os, subprocess, sys, tempfile, time

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(os.path.dirname(here))
arguments = sys.argv[1:]
data = os.path.join(root, "..", "shared")
if "--data" in arguments:
    at = arguments.index("--data")
    data = arguments[at + 1]
    del arguments[at : at + 2]
with_peers = "--peers" in arguments
# Ratchet: raise these with the figures.
floors = {
    "fundus_dev": {"F1": 0.965, "exact": 0.40, "titleExact": 86, "dateExact": 98, "authorF1": 91},
    "wcxb_dev_article": {"F1": 0.95, "titleExact": 84, "authorF1": 77},
    "trafilatura_eval": {"snipF1": 0.92, "authorF1": 68},
    "htmldate_default": {"dateExact": 91},
    "mozilla_readability": {"F1": 0.93},
    "newspaper4k_tests": {"F1": 0.97},
    "zh_web": {"F1": 0.88},
}
sets = [a for a in arguments if not a.startswith("--")]
pages = os.path.join(data, "corpora", "pages")
scorer = os.path.join(data, "score", "extraction.py")
if not sets:
    sets = sorted(f[: -len(".jsonl")] for f in os.listdir(pages) if f.endswith(".jsonl"))
program = os.environ.get("PROGRAM", os.path.join(root, "target", "release", "copytaster"))
peers = os.environ.get("PEERS", os.path.join(here, "target", "release", "copytaster-peers"))
for needed in [program] + ([peers] if with_peers else []):
    if not os.path.exists(needed):
        sys.exit(f"{needed} is not built: run `cargo build --release` in its package first")
columns = ["F1", "P", "R", "exact", "snipF1", "titleExact", "dateExact", "authorF1"]

problems = []
print("| set | extractor | " + " | ".join(columns) + " | missing | pages/s | of bare parse | slowest ms | MB |")
print("|---|---|" + "---|" * (len(columns) + 5))
with tempfile.TemporaryDirectory() as work:
    for name in sets:
        gold = os.path.join(pages, name + ".jsonl")
        manifest = os.path.join(work, name + ".manifest.jsonl")
        n_pages = 0
        with open(manifest, "w") as out:
            for line in open(gold):
                row = json.loads(line)
                path = os.path.join(work, f"{n_pages}.html")
                with gzip.open(os.path.join(pages, name, row["id"] + ".html.gz")) as packed:
                    open(path, "wb").write(packed.read())
                entry = {"id": row["id"], "path": path}
                if row.get("url"):
                    entry["url"] = row["url"]
                out.write(json.dumps(entry) + "\n")
                n_pages += 1

        def run(label, command):
            """Its output file, and its figures (those of the whole process where it tells none)."""
            result = os.path.join(work, label + ".jsonl")
            start = time.time()
            command = ["taskset", "-c", "0", *command]
            done = subprocess.run(command, stdout=open(result, "wb"), stderr=subprocess.PIPE, text=True)
            if done.returncode:
                sys.exit(f"{label} on {name} ended with {done.returncode}: {done.stderr.strip()}")
            figures = {"seconds": time.time() - start}
            last = done.stderr.strip().rsplit("\n", 1)[-1]
            if last.startswith("{"):
                figures = json.loads(last)
            return result, figures

        labels = ["copytaster"] + (["trafilatura", "trafilatura-precision", "dom_smoothie", "parse"] if with_peers else [])
        timed = {label: run(label, [peers, label, manifest]) for label in labels} if with_peers else {}
        # The scores are those of the command that users run.
        command = run("command", [program, "extract", "--batch", manifest])
        bare = timed["parse"][1]["seconds"] if with_peers else None
        for label in labels:
            result, figures = timed.get(label, command)
            cells = {}
            if label != "parse":
                scored = command[0] if label == "copytaster" else result
                score = [sys.executable, scorer, gold, scored, "--json"] + (["--alt-body"] if name.startswith("fundus") else [])
                cells = json.loads(subprocess.run(score, capture_output=True, text=True, check=True).stdout)
            values = [str(cells.get(column, "")) for column in columns] + [str(cells.get("missing", ""))]
            values.append(f"{n_pages / figures['seconds']:.0f}")
            values.append(f"{bare / figures['seconds']:.0%}" if bare else "")
            values.append(f"{figures['slowest_ms']:.0f}" if "slowest_ms" in figures else "")
            values.append(f"{figures['megabytes']:.1f}" if "megabytes" in figures else "")
            print(f"| {name} | {label} | " + " | ".join(values) + " |", flush=True)
            if label == "copytaster":
                for column, floor in floors.get(name, {}).items():
                    if cells[column] < floor:
                        problems.append(f"{name}: {column} is {cells[column]}, was {floor}")
print("\n".join(problems), file=sys.stderr)
sys.exit(bool(problems) and "--check" in arguments)
