import sys

import fake

fake.serve(int(sys.argv[sys.argv.index("--port") + 1]), "/health")
