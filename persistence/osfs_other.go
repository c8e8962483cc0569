//go:build !linux

package persistence

import "os"

const noFollow = 0

func dataSync(f *os.File) error { return f.Sync() }
