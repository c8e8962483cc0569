package link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"
)

// DialFunc makes a connection, as net.Dialer does.
type DialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// Dialer connects to a server by name. The zero value uses the system's resolver and TCP.
type Dialer struct {
	// Resolver looks names up. If it is nil and Dial is not, names are left to Dial.
	Resolver *net.Resolver
	Dial     DialFunc
	TLS      *tls.Config // nil: plain
}

// Connect tries the addresses of a server, in an order by chance, until one answers. Names are
// looked up each time, because the address behind a name changes.
func (d *Dialer) Connect(ctx context.Context, server string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		return nil, err
	}
	dial := d.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	addrs, err := d.resolve(ctx, host, port)
	if err != nil {
		return nil, err
	}
	var failed []error
	for i, addr := range addrs {
		nc, err := attempt(ctx, dial, addr, len(addrs)-i)
		if err == nil {
			nc, err = d.secure(ctx, nc, host)
		}
		if err == nil {
			return nc, nil
		}
		failed = append(failed, err)
	}
	return nil, errors.Join(failed...)
}

func (d *Dialer) resolve(ctx context.Context, host, port string) ([]string, error) {
	if _, err := netip.ParseAddr(host); err == nil || d.Resolver == nil && d.Dial != nil {
		return []string{net.JoinHostPort(host, port)}, nil
	}
	resolver := d.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	ips, err := resolver.LookupHost(ctx, host)
	if err != nil {
		return nil, err
	}
	if len(ips) == 0 {
		return nil, fmt.Errorf("%s has no address", host)
	}
	rand.Shuffle(len(ips), func(i, j int) { ips[i], ips[j] = ips[j], ips[i] })
	for i, ip := range ips {
		ips[i] = net.JoinHostPort(ip, port)
	}
	return ips, nil
}

// attempt dials one address of those left, with its share of the time.
func attempt(ctx context.Context, dial DialFunc, addr string, left int) (net.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok && left > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left))
		defer cancel()
	}
	return dial(ctx, "tcp", addr)
}

// secure speaks TLS on nc, if that is wanted.
func (d *Dialer) secure(ctx context.Context, nc net.Conn, host string) (net.Conn, error) {
	if d.TLS == nil {
		return nc, nil
	}
	config := d.TLS
	if config.ServerName == "" {
		config = config.Clone()
		config.ServerName = host
	}
	secured := tls.Client(nc, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		return nil, fmt.Errorf("TLS handshake: %w", err)
	}
	return secured, nil
}
