namespace LmGateway.Serving.Jobs;

/// <summary>How a job's work tells of itself.</summary>
internal abstract class JobReport
{
    /// <summary>The caller asked for the end of this job; false where the whole service ends.</summary>
    public abstract bool IsGivenUp { get; }

    /// <summary>How far it is. A job whose bytes stand still, and that prints nothing, is ended after a while.</summary>
    public abstract void Progress(long bytes, long? total, string? message = null);

    /// <summary>A line for people, kept with the job.</summary>
    public abstract void Line(string text);
}
