//go:build race

package main_test

// raceDetector is whether this test binary watches for data races.
const raceDetector = true
