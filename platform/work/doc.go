// Package work does durable work: jobs that a unit of work puts into a table
// and that some process does later, whatever is killed in between.
//
// # The life of a job
//
// A job is ready, running or dead. Queue.Put adds it in the caller's unit, so
// it is there exactly if what it is about is. After the commit the runner of
// this process is woken, and those of other processes by a coalesced NOTIFY;
// a slow poll is the fallback. A runner claims a job, its handler works, and
// the job ends in one transaction with the handler's own last writes. A
// finished job leaves no row.
//
// # Whose turn it is
//
// Each kind has so many places in a process. A free place goes to the tenant
// with the fewest running jobs of the kind, in all processes together; among
// equals to the one that was served longest ago; and of its jobs to the one
// with the highest priority, then the one that is due longest. So a tenant
// with thousands of jobs delays another by about one job.
//
// # Who holds a job, and what if they die
//
// Every claim raises the job's token, and every write in the name of a claim
// names its token: a worker that was only slow changes nothing after another
// has claimed. A process that died is known by its presence, which runners
// look at every second, and by the lease of its jobs where presence is in
// doubt, as with a frozen process.
//
// A runner waits for no unit that has a job: what others write with at that
// moment it neither claims, renews nor takes over. So a unit that has one job may
// wait for another.
//
// Attempts count failures and deaths, and nothing else. An orderly stop gives
// jobs back as they were. A death counts only when the job was the only one
// that its process worked on; when there were several nobody knows which was
// to blame, and each is then run alone. A job that failed too often is dead:
// it keeps its error until an operator retries it. Of some kinds a dead job gets
// its attempts back after an hour.
package work
