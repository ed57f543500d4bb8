import os

import fake

fake.serve(int(os.environ["SILTA_HEALTH_PORT"]), "/readyz")
