"""What tests of the hub's environment share: servers, clients, waiting; fixtures in :mod:`tests.helpers.fixtures`."""
