// What light adds to a person is kept as the square root of its share of this: a filtered sample of 8 bits takes a CPU
// half the time of one of 16 (lavapipe).
const MOST_ADDED = 4.0;
