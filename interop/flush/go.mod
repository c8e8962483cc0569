module quoll/interop/flush

go 1.26.0

require quoll v0.0.0

require (
	github.com/hanwen/go-fuse/v2 v2.12.1
	golang.org/x/sys v0.50.0 // indirect
)

replace quoll => ../..
