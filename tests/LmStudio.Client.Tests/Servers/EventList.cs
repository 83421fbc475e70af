namespace LmStudio.Client.Tests.Servers;

/// <summary>Keeps what is reported, in the reporting order.</summary>
internal sealed class EventList<T> : IProgress<T>
{
    public List<T> Items { get; } = [];

    public void Report(T value) => Items.Add(value);
}
