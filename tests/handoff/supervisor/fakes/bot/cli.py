import os
import sys
import time

NAME = os.environ["SILTA_PROCESS"]
WAY = os.environ.get(f"FAKE_{NAME.upper()}", "")
print("library: a lot of noise that nobody at the terminal wants")
print(f"{NAME}: half way there")
if WAY == "slow":
    time.sleep(60)
if WAY == "dies":
    print("no examples in data/nlu")
    sys.exit(1)
