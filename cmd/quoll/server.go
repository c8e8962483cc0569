package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"quoll/internal/config"
	"quoll/internal/server"
	"quoll/persistence"
	"quoll/persistence/owner"
)

func serverCommand() *cobra.Command {
	var defines []string
	cmd := &cobra.Command{
		Use:   "server [zoo.cfg]",
		Short: "Run a server, alone or in an ensemble",
		Long: "Runs a ZooKeeper server with the settings of a zoo.cfg: alone, or, when the file\n" +
			"has several server lines, as the member that the file myid says. Without a\n" +
			"zoo.cfg the data is in ./quoll-data and clients connect to port 2181. SIGTERM,\n" +
			"SIGINT and SIGHUP end it cleanly; SIGQUIT prints what it is doing.",
		Args: arguments(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := ""
			if len(args) > 0 {
				file = args[0]
			}
			return serve(cmd.Context(), file, defines)
		},
	}
	defineFlag(cmd, &defines)
	return cmd
}

func serve(ctx context.Context, file string, defines []string) error {
	cfg, err := config.Load(file, defines)
	if err != nil {
		return errors.Join(err, auditInvalid(cfg.Observability))
	}
	logger, err := newLogger(cfg.Observability)
	if err != nil {
		return usage(err)
	}
	defer func() { _ = logger.Sync() }() // stderr may not be syncable; nothing is lost by it
	for _, w := range cfg.Warnings {
		logger.Warn("setting", zap.String("where", w.Source), zap.String("key", w.Key),
			zap.String("why", w.Text))
	}
	ctx, cancel := untilAsked(ctx)
	defer cancel()
	outliveReaders()
	dumpOnQuit(ctx, os.Stderr)
	reserveProcessors(os.Getenv("GOMAXPROCS"))
	s := server.New(cfg, persistence.OS{}, logger)
	s.Listening = func(at []netip.AddrPort) { greet(logger, cfg, at) }
	return serverError(s.Run(ctx))
}

// auditInvalid writes to the audit log that a start failed because of wrong settings.
func auditInvalid(o config.Observability) error {
	o.LogLevel = "info" // the level may be the wrong setting
	logger, err := newLogger(o)
	if err != nil {
		return err
	}
	return server.AuditFailedStart(o, logger)
}

// greet logs the addresses. For a server that was started by hand, without a file, it also prints
// how to connect.
func greet(logger *zap.Logger, cfg *config.Config, at []netip.AddrPort) {
	hosts := make([]string, len(at))
	for i, a := range at {
		hosts[i] = fmt.Sprintf("127.0.0.1:%d", a.Port())
	}
	said := "serving"
	if cfg.Ensemble() {
		said = "listening for clients, who are served when there is a leader"
	}
	logger.Info(said, zap.Stringers("addresses", at))
	if cfg.File == "" {
		fmt.Printf("quoll serves ZooKeeper clients on %s; try: zkCli.sh -server %s\n",
			strings.Join(hosts, ","), hosts[0])
	}
}

// serverError gives an error the exit code that Apache's server would have.
func serverError(err error) error {
	switch {
	case errors.Is(err, persistence.ErrDisk):
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			err = fmt.Errorf("%w; make room there and start again: what was acknowledged is in"+
				" the log", err)
		}
		return exitError{config.ExitTxnLog, err}
	case errors.Is(err, persistence.ErrDirectory), errors.Is(err, owner.ErrBusy),
		errors.Is(err, owner.ErrForeign):
		return exitError{config.ExitDataDir, err}
	}
	return err
}

func newLogger(o config.Observability) (*zap.Logger, error) {
	level, err := zapcore.ParseLevel(o.LogLevel)
	if err != nil {
		return nil, err
	}
	c := zap.NewProductionEncoderConfig()
	c.EncodeTime = zapcore.ISO8601TimeEncoder
	encoder := zapcore.NewConsoleEncoder(c)
	if o.LogFormat == "json" {
		encoder = zapcore.NewJSONEncoder(c)
	}
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(os.Stderr), level)), nil
}
