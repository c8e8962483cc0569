package reactor

import (
	"fmt"
	"reflect"

	"github.com/panjf2000/gnet/v2"
)

// epollDescriptor reads eventloop.poller.fd, which gnet does not show, by reflection: once a loop,
// at start. TestGnetLoopHasEpollDescriptor fails when an upgrade of gnet moves it.
func epollDescriptor(el gnet.EventLoop) (fd int, err error) {
	defer func() {
		if r := recover(); r != nil {
			fd, err = -1, fmt.Errorf("reactor: gnet's event loop has another shape: %v", r)
		}
	}()
	poller := reflect.ValueOf(el).Elem().FieldByName("poller").Elem()
	return int(poller.FieldByName("fd").Int()), nil
}
