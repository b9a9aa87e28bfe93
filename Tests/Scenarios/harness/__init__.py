"""What the scenario tests are built from: the real binary, scripted origins and raw clients."""
