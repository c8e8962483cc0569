// Command flush runs Quoll on a disk that fails one flush and then forgets what it did not write.
//
//	server -> ext4 -> loop device -> a file over FUSE (device.go), in the memory of this program
//
// A round: clients write, and know what was acknowledged. The device begins to fail the writes that
// carry their values, and no others, so that the file system itself stays whole; the server ends,
// with exit code 10. The device is sound again. The server starts on what the page cache has, and
// clients write more. Power fails: from now on nothing reaches the device, the server is killed, the
// file system is unmounted. What is on the device is mounted anew, and a server must start on it and
// have every acknowledged write.
//
// In every second round the program maps the logs into its memory before the server starts again:
// then the system does not drop the pages when the server asks for it, and what the server reads is
// what the failed flush left.
//
// In two rounds of four the first write that fails is one to blocks which nothing was written to
// before: of those ext4 believes for ever that they are empty.
//
// It needs Linux, root, /dev/fuse, a loop device and mkfs.ext4, and makes and removes everything
// itself. It is a module of its own, so that the server does not depend on the FUSE library.
//
//	cd interop/flush && go run . -quoll ../../bin/quoll -rounds 50
//
// Read main.go, round.go, device.go, mount.go.
package main
