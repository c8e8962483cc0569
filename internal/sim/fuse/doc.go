// Package fuse is the one fault that is set in advance for a life of a simulated process: a crash
// before or after a call of the disk, a call that fails, or a crash between two effects.
//
//	Light draws what, and after how many calls or how often at a Point
//	Call  is asked by the disk at each call (simfs.Disk.Inject)
//	At    is called by the process at each Point; when it is time it panics with an End
//
// A fuse that has burnt does nothing more. Everything belongs to the one goroutine of the world.
// Read fuse.go, then point.go.
package fuse
