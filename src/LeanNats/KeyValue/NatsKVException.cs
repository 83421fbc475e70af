using LeanNats.JetStream;

namespace LeanNats.KeyValue;

/// <summary>What every failure of key-value stores derives from.</summary>
public class NatsKVException(string message, Exception? innerException = null) : NatsJSException(message, innerException);

/// <summary>The key has no value.</summary>
public sealed class NatsKVKeyNotFoundException(string key) : NatsKVException($"The key '{key}' has no value.")
{
    /// <summary>The key.</summary>
    public string Key => key;
}

/// <summary>The key cannot be created because it has a value.</summary>
public sealed class NatsKVCreateException(string key) : NatsKVException($"The key '{key}' exists already.")
{
    /// <summary>The key.</summary>
    public string Key => key;
}

/// <summary>Someone else changed the key meanwhile: its last revision is another one than expected. Nothing was changed.</summary>
public sealed class NatsKVWrongLastRevisionException(string key, ulong revision, Exception innerException)
    : NatsKVException($"The last revision of '{key}' is not {revision}.", innerException)
{
    /// <summary>The key.</summary>
    public string Key => key;

    /// <summary>The revision that was expected.</summary>
    public ulong Revision => revision;
}
