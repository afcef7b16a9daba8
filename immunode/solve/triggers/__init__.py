"""Events that fire on conditions, for engines that compute many runs side by side."""
