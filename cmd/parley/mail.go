package main

import (
	"parley/platform/kernel/clock"
	mailport "parley/platform/kernel/mail"
	"parley/platform/mail"
)

// newSender sends mail by the configured server, or says that there is none.
func (b *base) newSender(c clock.Clock) (mailport.Sender, error) {
	if b.config.SMTPURL == "" {
		return mail.Off{}, nil
	}
	server, err := b.config.SMTP()
	if err != nil {
		return nil, err
	}
	return mail.New(mail.Config{Server: mail.Server(server), From: b.config.MailFrom, PublicURL: b.config.PublicURL, Clock: c})
}
