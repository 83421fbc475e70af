namespace LeanNats.ObjectStore;

/// <summary>What every failure of the object store derives from.</summary>
public class NatsObjException(string message, Exception? innerException = null) : NatsException(message, innerException);

/// <summary>There is no such object, or it was deleted.</summary>
public sealed class NatsObjNotFoundException(string bucket, string name) : NatsObjException($"There is no object '{name}' in bucket '{bucket}'.")
{
    /// <summary>The bucket.</summary>
    public string Bucket => bucket;

    /// <summary>The object's name.</summary>
    public string Name => name;
}

/// <summary>What came is not what was put: chunks are missing, or the size or the digest differs.</summary>
public sealed class NatsObjCorruptException(string message) : NatsObjException(message);
