module quoll/interop/clientbench

go 1.26.0

require (
	github.com/go-zookeeper/zk v1.0.4
	quoll v0.0.0
)

replace quoll => ../..
