#!/usr/bin/env python3
"""Prints the figures of extraction for the program and its peers, one table a set.

    benches/peers/measure.py [--peers] [--data ../shared] [SET ...]

Unpacks the pages into a temporary folder, runs `target/release/copytaster extract --batch` (and with `--peers` the
release build of this package) over each set, and scores the output with ../shared/score/extraction.py. Speed is
measured on one core by the `parse` row of the peers and by `taskset -c 0` for the program.
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
sets = [a for a in arguments if not a.startswith("--")]
pages = os.path.join(data, "corpora", "pages")
scorer = os.path.join(data, "score", "extraction.py")
if not sets:
    sets = sorted(f[: -len(".jsonl")] for f in os.listdir(pages) if f.endswith(".jsonl"))
program = os.environ.get("PROGRAM", os.path.join(root, "target", "release", "copytaster"))
peers = os.environ.get("PEERS", os.path.join(here, "target", "release", "copytaster-peers"))
columns = ["F1", "P", "R", "exact", "snipF1", "titleExact", "dateExact", "authorF1"]

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
        print(f"\n## {name}, {n_pages} pages\n")
        print("| extractor | " + " | ".join(columns) + " | missing | pages/s on one core |")
        print("|---|" + "---|" * (len(columns) + 2))
        rows = [("copytaster", ["taskset", "-c", "0", program, "extract", "--batch", manifest])]
        if with_peers:
            names = ["trafilatura", "trafilatura-precision", "dom_smoothie", "parse"]
            rows += [(peer, [peers, peer, manifest]) for peer in names]
        for label, command in rows:
            result = os.path.join(work, label + ".jsonl")
            start = time.time()
            run = subprocess.run(command, stdout=open(result, "wb"), stderr=subprocess.PIPE, text=True)
            seconds = time.time() - start
            speed = n_pages / seconds
            if label != "copytaster" and " s, " in run.stderr:
                speed = float(run.stderr.rsplit(" s, ", 1)[1].split()[0])
            cells = {}
            if label != "parse":
                score = [sys.executable, scorer, gold, result, "--json"] + (["--alt-body"] if name.startswith("fundus") else [])
                cells = json.loads(subprocess.run(score, capture_output=True, text=True, check=True).stdout)
            values = [str(cells.get(column, "")) for column in columns]
            print(f"| {label} | " + " | ".join(values) + f" | {cells.get('missing', '')} | {speed:.0f} |", flush=True)
