"""Every operation and recipe of kazoo against the server at host:port."""

import logging
import sys

from harness import Harness
import nodes
import recipes
import sessions
import watches


def main():
    logging.basicConfig(level=logging.CRITICAL)
    harness = Harness(sys.argv[1])
    nodes.run(harness)
    watches.run(harness)
    recipes.run(harness)
    sessions.run(harness)
    sys.exit(1 if harness.failures else 0)


main()
