#!/usr/bin/env python3
"""Writes src/main/resources/dev/cistern/gateway/wire/elasticache.rules from AWS's service model.

The AWS SDK for Java says neither which members of a request are required nor which enum a string member belongs to.
The model does: botocore (Apache-2.0), botocore/data/elasticache/2015-02-02/service-2.json, or the same file in any newer
release. Run this by hand when the SDK version moves; neither the build nor the program needs the model.

usage: service-rules.py MODEL.json > ../src/main/resources/dev/cistern/gateway/wire/elasticache.rules
"""
import json
import sys


def rules(shapes, shape_name, path, seen):
    """Yields (member path, rule) for a structure and everything below it; a list adds [] to its member's name."""
    if shape_name in seen:
        raise SystemExit(f"{shape_name} contains itself: the table of flat paths cannot say that")
    shape = shapes[shape_name]
    required = set(shape.get("required", ()))
    for member, target in shape.get("members", {}).items():
        here = path + [member]
        if member in required:
            yield here, "required"
        inner = target["shape"]
        while shapes[inner]["type"] == "list":
            here = here[:-1] + [here[-1] + "[]"]
            inner = shapes[inner]["member"]["shape"]
        if shapes[inner]["type"] == "structure":
            yield from rules(shapes, inner, here, seen | {shape_name})
        elif "enum" in shapes[inner]:
            yield here, "one of " + " ".join(shapes[inner]["enum"])


def main(path):
    with open(path, encoding="utf-8") as file:
        model = json.load(file)
    meta = model["metadata"]
    print("# Made by tools/service-rules.py from AWS's service model (botocore, Apache-2.0). Do not edit.")
    print(f"# {meta['serviceFullName']}, API version {meta['apiVersion']}.")
    print("# An operation stands alone on its line; its rules follow, indented: member path, then what must hold.")
    for name, operation in sorted(model["operations"].items()):
        print(name)
        if "input" in operation:
            for here, rule in rules(model["shapes"], operation["input"]["shape"], [], frozenset()):
                print(f"  {'.'.join(here)} {rule}")


main(sys.argv[1])
