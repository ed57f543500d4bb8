"""Where the world meets the hub: sockets and routes, headers, proxies, limits, and the description of the HTTP."""
