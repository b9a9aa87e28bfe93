// Kept until the first test of Gateway lands.

import Testing
