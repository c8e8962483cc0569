// Package hosts says to which server a client connects next: it reads connection strings and goes
// through the servers of one in rounds. It resolves no name and opens no socket.
//
//	"zk1:2181,zk2,[::1]:2182/app"    servers zk1:2181 zk2:2181 [::1]:2182, chroot /app
//	"srv://_zookeeper._tcp.example.org/app"    servers from DNS, asked for before each round
//
// A round goes through all servers once, in an order by chance. Between two rounds there is a pause
// by chance between nothing and a limit, which doubles with each round ("full jitter"), so that the
// clients of a cluster that comes back do not all come at once.
//
// Read parse.go, then rounds.go.
package hosts
