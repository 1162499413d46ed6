package main

import (
	"parley/platform/config"
	"parley/platform/kernel/clock"
	mailport "parley/platform/kernel/mail"
	"parley/platform/mail"
)

// newSender sends mail by the configured server, or says that there is none.
func (b *base) newSender(c clock.Clock) (mailport.Sender, error) {
	if b.config.SMTPURL == "" {
		return mail.Off{}, nil
	}
	return smtpSender(b.config, c)
}

// smtpSender sends by the mail server of c, which there has to be.
func smtpSender(c config.Config, now clock.Clock) (*mail.Sender, error) {
	server, err := c.SMTP()
	if err != nil {
		return nil, err
	}
	return mail.New(mail.Config{Server: mail.Server(server), From: c.MailFrom, PublicURL: c.PublicURL, Clock: now})
}
