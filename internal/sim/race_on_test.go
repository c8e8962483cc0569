//go:build race

package sim

// usual is how many seeds a campaign plays. A world has one goroutine, and takes ten times as long
// under the race detector, which looks only at the players here.
const usual = 50
