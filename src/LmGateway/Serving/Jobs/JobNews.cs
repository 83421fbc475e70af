using LmGateway.Events;

namespace LmGateway.Serving.Jobs;

/// <summary>Tells the event hub how jobs go.</summary>
internal sealed class JobNews(EventHub hub)
{
    /// <summary>What changed between two states of one job; null before its first.</summary>
    public void Tell(Job? before, Job after)
    {
        if (!hub.IsListening) return;
        var subject = new JobSubject(after.Kind.ToString().ToLowerInvariant(), after.Id, after.Model);
        if (before is null) hub.Publish(new JobStarted(subject));
        else if (after.IsDone) hub.Publish(new JobCompleted(subject, Took(after)) { TotalBytes = after.Total });
        else if (after.Error is { } error) hub.Publish(new JobFailed(subject, error, Took(after)));
        else if (after.Percent != before.Percent || after.Message != before.Message)
            hub.Publish(new JobProgressed(subject) { Fraction = after.Percent / 100, DoneBytes = after.Bytes, TotalBytes = after.Total, Step = after.Message });
    }

    private static TimeSpan Took(Job job) => job.Ended - (job.Started ?? job.Created) ?? TimeSpan.Zero;
}
