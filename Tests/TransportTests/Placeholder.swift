// Kept until the first test of Transport lands.

import Testing
