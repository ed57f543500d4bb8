"""What a message shows of its writer's state, and what that asks for."""
