import os

import fake

fake.serve(int(os.environ["SILTA_PORT"]), "/readyz")
