package coretest

import (
	"slices"
	"time"

	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

func (f fixture) wait(ws ...core.MailWait) []core.MailWait {
	f.t.Helper()
	fresh := storetest.Must[[]core.MailWait](f.t)(f.WaitForMail(f.ctx, ws))
	slices.SortFunc(fresh, func(a, b core.MailWait) int { return int(a.UserID - b.UserID) })
	return fresh
}

func mailWaits(f fixture, _ uow.Unit) {
	at := func(user int64, mode core.Mail, from int64) core.MailWait {
		return core.MailWait{UserID: user, OrganizationID: 1, Mode: mode, FromSequence: from}
	}
	f.Equal(0, len(f.wait()))
	first, other := at(7, core.MailAtOnce, 3), at(8, core.MailAtOnce, 1)
	f.Equal([]core.MailWait{first, other}, f.wait(other, first))
	digest := at(7, core.MailDigest, 4)
	f.Equal([]core.MailWait{digest}, f.wait(at(7, core.MailAtOnce, 4), digest, at(8, core.MailAtOnce, 2)))

	sent := now.Add(time.Hour)
	end := func(user int64, mode core.Mail, mailed *time.Time) core.MailWait {
		f.t.Helper()
		return storetest.Must[core.MailWait](f.t)(f.EndMailWait(f.ctx, user, mode, mailed))
	}
	done := at(7, core.MailAtOnce, 0)
	done.MailedOn = &sent
	f.Equal(done, end(7, core.MailAtOnce, &sent))
	f.Equal(done, end(7, core.MailAtOnce, nil)) // a failure forgets no mail
	again := at(7, core.MailAtOnce, 9)
	again.MailedOn = &sent
	f.Equal([]core.MailWait{again}, f.wait(at(7, core.MailAtOnce, 9)))
	f.Equal(0, len(f.wait(at(7, core.MailDigest, 9)))) // the other mode still waits
	f.Equal(core.MailWait{}, end(99, core.MailDigest, &sent))

	f.NoError(f.DeleteOf(f.ctx, 1, 7))
	f.Equal(core.MailWait{}, end(7, core.MailDigest, nil))
	f.Equal(0, len(f.wait(at(8, core.MailAtOnce, 2)))) // nobody else's
}
