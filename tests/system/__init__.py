"""The whole journey, with everything real: processes, servers, mail, and faults made on purpose."""
